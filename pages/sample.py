import streamlit as st; st.write('sample')
