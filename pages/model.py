import streamlit as st; st.write('model')
