import streamlit as st; st.write('interpolate')
